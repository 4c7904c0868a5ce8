/** The most one request reads or writes. */
export const LARGEST_CONTENT_BYTES = 1024 * 1024;
/** The same in pages of the usual 4 KiB. */
export const LARGEST_CONTENT_PAGES = 256;
/** What fits every message: the largest write, and room for its headers. */
export const MESSAGE_BYTES = LARGEST_CONTENT_BYTES + 4096;
