"""For who teaches: assignments, solved notebooks, and the teacher's notes."""
