// Package wav reads and writes WAV files, in parts and in bounded memory.
//
// Taken: integers of 8 to 32 bits (PCM), floats of 32 and 64 bits, A-law and mu-law (ITU-T G.711),
// plain or as WAVE_FORMAT_EXTENSIBLE, in RIFF, RIFX (big-endian), RF64 and BW64 files (EBU Tech
// 3306, ITU-R BS.2088). Other codecs and other files are refused by name.
//
// What such files hold, and what comes of it here:
//
//   - 8-bit samples are unsigned, all others signed. A sample takes whole bytes: one of 20 bits
//     stands in the upper part of 3, and is scaled by the 24 bits that it takes.
//   - A chunk of odd length has a byte of padding that its length does not count; chunks before the
//     samples (LIST, fact, bext, JUNK, ...) are skipped; what follows them is not read.
//   - A file that was written as a stream has no true sizes: 0, 0xFFFFFFFF or, from sox,
//     0x7FFFF000. It is read to its end.
//   - A file that ends early is an error, and so is half a frame; with [Options].Truncated what is
//     there is taken.
//   - The header says the rate twice, as frames and as bytes a second. If they disagree one is
//     wrong: an error. A wrong rate shifts every frequency without a word.
//   - NaN and infinity in a float file are errors that name the frame.
//   - No memory is taken by a size in the header.
package wav
