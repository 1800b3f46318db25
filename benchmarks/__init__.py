"""Speed and accuracy beside those of other ways to do the same; docs/performance.md says how to read them."""
