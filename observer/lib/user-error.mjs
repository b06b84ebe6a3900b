// What the user can mend: wrong arguments, an endpoint that is dead or not what it should be. The message is
// one line that says what is wrong and what helps, and programs end with status 2.
export class UserError extends Error {}
