"""For who writes: the standard that notebooks keep, and the course as a web site."""
