import type { PlanBinding } from '../../contracts/plan-file.ts';
import type { PolicyDocument } from '../../contracts/policy.ts';
import type { Loosening } from '../../core/loosening.ts';
import type { SeparationStep } from '../../core/separation.ts';

/** One difference between the declaration and the database, as an operator reads it. */
export interface Change {
	action: 'add' | 'change' | 'remove';
	area: 'structure' | 'guard' | 'role' | 'privilege' | 'registry' | 'exposure' | 'policy';
	subject: string;
	detail: string;
}

/** Something that must be mended before anything is applied. */
export interface Fault {
	subject: string;
	problem: string;
	fix: string;
}

export type RegistryTable = 'dot_tools' | 'dot_agent_api_contract' | 'table_registry' | 'governance_gates';

export interface DesiredState {
	directusRole: string;
	/** `single-role`: governed content tables stay Directus's role's own and are guarded by triggers alone. */
	strength: 'separated' | 'single-role';
	/** Governed content collections of the instance, by name. */
	collections: string[];
	expose: string[];
	registry: Record<RegistryTable, Record<string, unknown>[]>;
	configDigest: string;
	/** The policy without what only the database knows: generation, instance id, and how collections are described. */
	policy: Omit<PolicyDocument, 'generation' | 'instance' | 'described'> & { environment: string };
}

export interface PolicySigner {
	keyId: string;
	/** Compact JWS (EdDSA) over the text's UTF-8 bytes. `type` keeps a signature for one thing from passing as another. */
	sign(payload: string, type?: string): Promise<string>;
	/** The signed text, or null when this key did not sign it as this type; a policy unless said. */
	verify(jws: string, type?: string): Promise<string | null>;
}

/** `remaining`, where separation was asked for: what only an administrator of the server, or a person, can do. */
export type ApplyOutcome =
	| {
			kind: 'applied';
			applyId: string;
			generation: number;
			changes: Change[];
			loosenings: Loosening[];
			remaining?: SeparationStep[];
	  }
	| {
			kind: 'planned';
			changes: Change[];
			loosenings: Loosening[];
			binding: PlanBinding;
			remaining?: SeparationStep[];
	  }
	| { kind: 'unchanged'; generation: number; remaining?: SeparationStep[] }
	| { kind: 'refused'; faults: Fault[]; remaining?: SeparationStep[] };

export interface ApplyOptions {
	/** False: everything is tried and rolled back, and the changes come back as `planned`. */
	commit: boolean;
	/** Also take away whatever else lets Directus's role reach governed data, as far as the operator may. */
	separate?: boolean;
	/** Names of loosenings the operator allowed. With `commit`, any other loosening refuses the whole. */
	allowLoosening?: readonly string[];
	/** A saved plan: refused when what it is bound to moved, or when the changes are not those it was made of. */
	saved?: { binding: PlanBinding; changes: string };
	onProgress?: (step: string) => void;
}
