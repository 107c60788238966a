import type { PolicyDocument } from '../../contracts/policy.ts';
import type { PostureControl } from '../../contracts/posture.ts';

/** Reads what guards a database has. */
export interface CatalogueWatch {
	/** What is not as `governed apply` leaves it, each by name. Rejects when the database cannot be asked. */
	drift(policy: PolicyDocument): Promise<readonly string[]>;
}

/** Negative probes of PostgreSQL itself, tried over Directus's own connection and rolled back. */
export interface SelfTest {
	/** One control for each kind of write. Rejects when the database cannot be asked. */
	run(policy: PolicyDocument): Promise<PostureControl[]>;
}
