// Package speech knows the folders of speech data sets: which file has which labels and which part.
//
// [SpeechCommands], [LibriSpeech], [LJSpeech], [FSDD] and [FSD50K] take the folder as an [fs.FS]
// (os.DirFS(path)) and yield a [Clip] a file. Nothing is decoded until [Open]. A file that a list
// names and that is missing, one that no list knows, and a broken line are errors that name it;
// they stand for one clip, and the next one follows.
//
// What these sets hold, and what comes of it here:
//
//   - Speech Commands (Warden, https://arxiv.org/abs/1804.03209): the parts are those of
//     validation_list.txt and testing_list.txt; without them, of the rule of the set's README:
//     [WhichSet]. Clips of _background_noise_ are long, have no speaker, and are of the part
//     "background". A speaker is in one part only.
//   - LibriSpeech (Panayotov et al., https://www.openslr.org/12): names in SPEAKERS.TXT may hold
//     "|"; a part is a folder such as train-clean-100; a speaker's sex is the label "sex".
//   - LJSpeech (https://keithito.com/LJ-Speech-Dataset): metadata.csv is divided by "|" and has no
//     quoting: a quotation mark is text, and a reader of CSV joins lines. There are no official
//     parts.
//   - FSDD (https://github.com/Jakobovski/free-spoken-digit-dataset): takes 0 to 4 of each digit
//     and speaker are the test part, so every speaker is in both parts; leave a speaker out for an
//     honest figure.
//   - FSD50K (Fonseca et al., https://arxiv.org/abs/2010.00475): several labels a clip, those above
//     each in the ontology included. Labels that vocabulary.csv does not know are errors.
package speech
