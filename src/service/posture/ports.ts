import type { EvidenceRecord } from '../../contracts/evidence.ts';
import type { Switches } from '../../core/dispatch-facts.ts';
import type { Flow } from '../../core/flow-shape.ts';
import type { StrengthFacts } from '../../core/strength.ts';

/** What the database says about itself right now. */
export interface DatabasePosture {
	generation: number | null;
	gates: Switches | null;
	strength: StrengthFacts;
	/** Active flows, with every operation stored under them. */
	flows: Flow[];
}

export interface PostureSource {
	/** Rejects when the database cannot be asked. */
	read(directusRole: string): Promise<DatabasePosture>;
}

/** `limit` entries below index `before`, newest first. */
export interface EvidenceQuery {
	limit: number;
	before: number | null;
	kind: string | null;
	surface: string | null;
}

/** Read access to the evidence log. Rejects when the database cannot be asked. */
export interface EvidenceReader {
	page(query: EvidenceQuery): Promise<EvidenceRecord[]>;
	entry(id: string): Promise<EvidenceRecord | null>;
}
