"""From files to arrays: decoding, detection, alignment, landmarks, masks, mels, the per-video store."""
