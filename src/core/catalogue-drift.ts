import type { GuardClass, GuardTrigger } from './governed-tables.ts';

/** One watched table as the catalogue shows it to Directus's role. */
export interface FoundTable {
	/** As PostgreSQL quotes it: `public."Price List"`. */
	name: string;
	owner: string;
	/** What makes it more than an ordinary table, in words. */
	oddities: readonly string[];
	triggers: readonly (GuardTrigger & { enabled: string; ours: boolean })[];
	/** Privileges beyond SELECT that Directus's role holds, by whatever way: `INSERT`, `UPDATE (title)`. */
	privileges: readonly string[];
	versioning: boolean;
}

export interface ExpectedTable {
	/** For people: schema and name, unquoted. */
	label: string;
	found: FoundTable | undefined;
	/** Whose it may be; null where it stays with whoever has it. */
	owners: readonly string[] | null;
	triggers: readonly GuardTrigger[];
	/** True for a privilege that policy gives away. */
	mayHold(privilege: string): boolean;
	/** Directus's own metadata tables carry our triggers beside whatever else stands there. */
	shared: boolean;
}

export interface FoundFunction {
	signature: string;
	owner: string;
	facts: string;
}

export interface FoundRole {
	name: string;
	superuser: boolean;
	/** Every role it is a member of, directly or not. */
	member_of: readonly string[];
	/** It, or everybody, may create in schema governance. */
	creates_in_governance: boolean;
	schema_owner: string | null;
}

export interface Catalogue {
	tables: readonly ExpectedTable[];
	functions: readonly FoundFunction[];
	shipped: readonly FoundFunction[];
	role: FoundRole;
	/** The role the policy was applied for. */
	expectedRole: string;
	/** Collections the database's own guards know, with their class. */
	known: ReadonlyMap<string, GuardClass>;
	governed: ReadonlyMap<string, GuardClass>;
}

/** Roles whose members pass the guards, or every privilege. */
const PASSING_ROLES = ['governance_owner', 'governance_writer', 'pg_write_all_data'];

/** What in the catalogue is not as `governed apply` leaves it, each by name. Empty: everything is. */
export function catalogueDrift(catalogue: Catalogue): string[] {
	return [
		...roleDrift(catalogue),
		...catalogue.tables.flatMap(tableDrift),
		...functionDrift(catalogue),
		...knownDrift(catalogue),
	];
}

function roleDrift({ role, expectedRole }: Catalogue): string[] {
	const passing = role.member_of.filter((name) => PASSING_ROLES.includes(name));
	return [
		...(role.name === expectedRole
			? []
			: [`Directus connects as ${role.name}, and the policy was applied for ${expectedRole}`]),
		...(role.superuser ? [`${role.name} is superuser, by itself or by a role it may become`] : []),
		...passing.map((name) => `${role.name} may become ${name}`),
		...(role.creates_in_governance ? [`${role.name} may create in schema governance`] : []),
		...(role.schema_owner === 'governance_owner' ? [] : [`schema governance belongs to ${role.schema_owner}`]),
	];
}

function tableDrift({ label, found, owners, triggers, mayHold, shared }: ExpectedTable): string[] {
	if (!found) return [`table ${label} is missing`];
	const wrong = triggers.flatMap(({ name, definition }) => {
		const present = found.triggers.find((trigger) => trigger.name === name);
		if (!present) return [`trigger ${name} on ${label} is missing`];
		if (present.definition !== definition || !present.ours) return [`trigger ${name} on ${label} was altered`];
		return present.enabled === 'A' ? [] : [`trigger ${name} on ${label} is not enabled always`];
	});
	if (shared) return wrong;
	const names = new Set(triggers.map(({ name }) => name));
	return [
		...wrong,
		...found.triggers
			.filter(({ name }) => !names.has(name))
			.map(({ name }) => `${label} has a foreign trigger ${name}`),
		...((owners?.includes(found.owner) ?? true) ? [] : [`${label} belongs to ${found.owner}`]),
		...found.oddities.map((oddity) => `${label} ${oddity}`),
		...found.privileges
			.filter((privilege) => !mayHold(privilege))
			.map((privilege) => `Directus's role holds ${privilege} on ${label}`),
		...(found.versioning ? [`content versioning is on for ${label}`] : []),
	];
}

function functionDrift({ functions, shipped }: Catalogue): string[] {
	const present = new Map(functions.map((found) => [found.signature, found]));
	return shipped.flatMap(({ signature, owner, facts }) => {
		const found = present.get(signature);
		if (!found) return [`function ${signature} is missing`];
		if (found.owner !== owner) return [`function ${signature} belongs to ${found.owner}`];
		return found.facts === facts ? [] : [`function ${signature} is not what this package ships`];
	});
}

/** The metadata guards ask a table what is governed: a row missing there unlocks a description. */
function knownDrift({ known, governed }: Catalogue): string[] {
	const missing = [...governed].filter(([name, kind]) => known.get(name) !== kind);
	const extra = [...known.keys()].filter((name) => !governed.has(name));
	return [
		...missing.map(([name]) => `the database does not know that ${name} is governed`),
		...extra.map((name) => `the database takes ${name} for governed, and the policy does not`),
	];
}
