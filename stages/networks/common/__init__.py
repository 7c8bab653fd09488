"""What several networks are made of, and published weights."""
