/** What labels may be, in a header, a token and the configuration; keys may say more. For patterns that hold one: `NAME=VALUE`. */
export const LABEL_NAME = '[A-Za-z0-9_.-]{1,64}'
export const LABEL_VALUE = '[^\\p{Cc},=]{1,256}'

/** The most labels of one key, or of one header. */
export const MOST_LABELS_AT_ONCE = 32

export const LABEL_NAME_PATTERN = new RegExp(`^${LABEL_NAME}$`)
export const LABEL_VALUE_PATTERN = new RegExp(`^${LABEL_VALUE}$`, 'u')

/** What is wrong with a label that they do not fit, in words. */
export const NO_LABEL_NAME = 'is not the name of a label; write letters, digits and _ . - (64 at the most)'
export const NO_LABEL_VALUE = 'is not the value of a label; write 1 to 256 characters without comma and ='
