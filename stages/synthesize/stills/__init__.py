"""Still sets: faces photographed one by one, aligned as a detector would align them."""
