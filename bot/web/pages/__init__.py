"""The pages: one a file, found by this folder. A file that gives `blueprint` is a page."""
