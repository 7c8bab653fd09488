"""The systems as pure modules, and the loading of published weights."""
