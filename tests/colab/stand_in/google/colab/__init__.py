"""In the place of the module that Colab's own kernel imports."""
