/** What Directus would say about somebody who signs in: ids, and whether an admin. */
export interface FoundPrincipal {
	role: string | null;
	/** The role and those it descends from. */
	roles: string[];
	admin: boolean;
}

export interface PrincipalDirectory {
	/** Null when there is no such user or role; both null is somebody not signed in. Rejects when the database cannot be asked. */
	find(who: { user: string | null; role: string | null }): Promise<FoundPrincipal | null>;
}
