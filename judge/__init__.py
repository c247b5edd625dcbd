"""The judge: source code in, report out; knows neither web nor database."""
