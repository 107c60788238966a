export const writer = 'writer';
