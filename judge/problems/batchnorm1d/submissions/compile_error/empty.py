# expects: nothing but a comment
