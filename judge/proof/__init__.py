"""How a problem proves its own exam: sample submissions, misconceptions, many seeds."""
