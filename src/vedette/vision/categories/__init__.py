"""The operator's own categories: taught from folders of pictures, said of pictures and tracked objects."""
