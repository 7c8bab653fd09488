"""What the data is: layouts on disk, splits, the frame table, still sets, the drawn corpus."""
