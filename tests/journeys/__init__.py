"""A package, so that what its tests share ends with them: pytest knows the scope of a package and none of a folder."""
