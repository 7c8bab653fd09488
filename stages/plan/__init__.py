"""What a run will take, before it starts: frames, memory, disk and hours."""
