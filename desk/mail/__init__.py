"""Mail beside its sending: lists and proofs, and what readers send back: wishes to leave, bounces, complaints."""
