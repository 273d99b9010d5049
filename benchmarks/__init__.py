"""What is measured beside the tests: speed, results, and how recipes were chosen."""
