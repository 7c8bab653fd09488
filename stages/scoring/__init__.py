"""Choosing and measuring on the validation videos: candidates, choices scored where they were not made, chance."""
