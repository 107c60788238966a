/** What Directus would say about somebody who signs in: ids, and whether an admin. */
export interface FoundPrincipal {
	role: string | null;
	/** The role and those it descends from. */
	roles: string[];
	/** Directus policies of the user and of those roles; of the public where there is no role. */
	policies: string[];
	admin: boolean;
}

export interface PrincipalDirectory {
	/** Null when there is no such user or role; both null is somebody not signed in. Rejects when the database cannot be asked. */
	find(who: { user: string | null; role: string | null }): Promise<FoundPrincipal | null>;
}
