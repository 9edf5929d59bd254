/** Synsets of WordNet 3.1, as its data files hold them. */
export const SYNSET_COUNT = 117_791

/** Pointers between them. */
export const POINTER_COUNT = 378_203

/** Synsets of a sample. */
export const SAMPLE_SYNSET_COUNT = 2_000
