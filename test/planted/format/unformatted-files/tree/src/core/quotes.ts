export const quote = "double";
