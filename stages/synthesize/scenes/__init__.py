"""Where faces are seen: backgrounds, things in front of them, and the camera."""
