"""What travels over the socket: ttrpc frames and their envelopes."""
