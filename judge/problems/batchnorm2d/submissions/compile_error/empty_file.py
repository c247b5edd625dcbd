# expects: missing class
