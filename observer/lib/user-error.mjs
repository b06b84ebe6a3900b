// An error that the user can fix: wrong arguments, or an unsuitable endpoint. The message is one line with the
// cause and the remedy. Programs exit with status 2.
export class UserError extends Error {}
