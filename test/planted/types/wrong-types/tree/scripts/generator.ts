export const sql: string = 1;
