/** Documents: Yjs documents kept as rows of updates. */
export {}
