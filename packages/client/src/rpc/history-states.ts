/**
 * The table by which a page watches how far versions have come: told, with no rows worth reading, when some
 * may have changed. No module can have one of that name.
 */
export const HISTORY_STATES = '_history'
