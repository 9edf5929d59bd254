/**
 * The table by which a page watches what can be undone: its rows are scopes, by their names, each an
 * `UndoState`. No module can have one of that name.
 */
export const UNDO_STATES = '_undo'
