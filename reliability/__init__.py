"""Proofs by trying: runs killed, readers beside publishing, random histories, malformed inputs; in numbers."""
