/** What the catalogue says of Directus's role and of every role it can become. Names are of roles and objects. */
export interface StrengthFacts {
	superusers: string[];
	/** Role attributes and predefined roles that reach past ownership, as `role: CREATEROLE`. */
	powers: string[];
	ownsDatabase: boolean;
	ownsSchemaPublic: boolean;
	ownedGovernedObjects: string[];
	maySetReplicationRole: boolean;
}

export interface Strength {
	level: 'separated' | 'single-role' | 'superuser';
	/** Why it is not `separated`; empty when it is. */
	weaknesses: string[];
}

/** How far the database alone holds against Directus's own role. Computed, never assumed: DESIGN.md §4. */
export function computeStrength(facts: StrengthFacts): Strength {
	const weaknesses = [
		...facts.superusers.map((role) => `${role} is superuser: no guard binds it`),
		...facts.powers.map((power) => `${power} reaches past ownership`),
		...(facts.ownsDatabase ? ["Directus's role owns the database"] : []),
		...(facts.ownsSchemaPublic ? ["Directus's role owns schema public and may drop others' tables in it"] : []),
		...facts.ownedGovernedObjects.map((name) => `Directus's role owns ${name}`),
		...(facts.maySetReplicationRole ? ["Directus's role may set session_replication_role"] : []),
	];
	if (facts.superusers.length > 0) return { level: 'superuser', weaknesses };
	return { level: weaknesses.length === 0 ? 'separated' : 'single-role', weaknesses };
}
