"""How a diagnosis finds the misconceptions that explain a failed transcript."""
