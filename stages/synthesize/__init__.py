"""The corpus this project draws itself: faces, acting, voices, videos and their annotations."""
