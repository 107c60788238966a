/** How far Directus's role is kept apart from the governed tables. Source: DESIGN.md §4. */
export type Strength = 'separated' | 'single-role';
