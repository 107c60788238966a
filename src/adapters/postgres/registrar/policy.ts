import { randomUUID } from 'node:crypto';
import { type GenerationMark, latestGeneration, MARK_TYPE, readMark } from '../../../contracts/generation-mark.ts';
import { type PolicyDocument, policyDocumentSchema } from '../../../contracts/policy.ts';
import { canonicalJson, digestOf } from '../../../service/canonical.ts';
import type { Change, DesiredState, PolicySigner } from '../../../service/ports/registrar.ts';
import { changedDescriptions, describedDigests } from '../described-digest.ts';
import { marksAbove } from '../generation-marks.ts';
import { asRole, rowsOf, type Sql } from './session.ts';

interface StoredPolicy {
	generation: number;
	/** Null: the row is there but this key did not sign it, or it is not a policy. */
	document: PolicyDocument | null;
}

const EDITED =
	'the rows that describe it in directus_collections, directus_fields or directus_relations are not those of the last apply';

async function currentPolicy(client: Sql, signer: PolicySigner): Promise<StoredPolicy | undefined> {
	const [row] = await rowsOf<{ generation: string; jws: string }>(
		client,
		'select generation, jws from governance.policy order by generation desc limit 1',
	);
	if (!row) return undefined;
	const text = await signer.verify(row.jws);
	const parsed = text === null ? undefined : policyDocumentSchema.safeParse(JSON.parse(text));
	const document = parsed?.success && parsed.data.generation === Number(row.generation) ? parsed.data : null;
	return { generation: Number(row.generation), document };
}

/** The latest generation this instance applied, as far as the evidence log knows of one after `generation`. */
async function latestMarked(client: Sql, signer: PolicySigner, generation: number, id: string): Promise<number> {
	const texts = await Promise.all((await marksAbove(client, generation)).map((jws) => signer.verify(jws, MARK_TYPE)));
	return latestGeneration(
		texts.map((text) => (text === null ? null : readMark(text))),
		id,
	);
}

/** What the evidence entry of an apply carries, for the day somebody puts an older policy back. */
export function signedMark(signer: PolicySigner, { generation, instance }: PolicyDocument): Promise<string> {
	return signer.sign(
		canonicalJson({ mark: 'generation', generation, instance: instance.id } satisfies GenerationMark),
		MARK_TYPE,
	);
}

/**
 * Appends the next generation of the signed policy, unless the current one already says the same. A collection that is
 * described otherwise than when it was signed is named apart: the guard would have refused that, so somebody got round it.
 */
export async function ensurePolicy(
	client: Sql,
	signer: PolicySigner,
	{ environment, ...rest }: DesiredState['policy'],
	applyId: string,
): Promise<{ changes: Change[]; generation: number; document: PolicyDocument; before: PolicyDocument | null }> {
	const current = await currentPolicy(client, signer);
	const id = current?.document?.instance.id ?? randomUUID();
	const described = await describedDigests(
		client,
		rest.governed.map(({ collection }) => collection),
	);
	const latest = Math.max(current?.generation ?? 0, await latestMarked(client, signer, current?.generation ?? 0, id));
	const generation = latest + 1;
	const next: PolicyDocument = { ...rest, described, generation, instance: { id, environment } };
	// An older policy that somebody put back is replaced, also where it says what is wanted.
	if (current?.document && latest === current.generation) {
		const same = canonicalJson({ ...next, generation: 0 }) === canonicalJson({ ...current.document, generation: 0 });
		if (same)
			return { changes: [], generation: current.generation, document: current.document, before: current.document };
	}
	const signed = current?.document?.described ?? {};
	const edited = changedDescriptions(signed, described).filter((name) => Object.hasOwn(signed, name));
	const payload = canonicalJson(policyDocumentSchema.parse(next));
	await asRole(client, 'governance_writer', async () =>
		client.query(
			'insert into governance.policy (generation, digest, jws, key_id, apply_id) values ($1, $2, $3, $4, $5)',
			[next.generation, digestOf(next), await signer.sign(payload), signer.keyId, applyId],
		),
	);
	const detail =
		current && !current.document
			? `generation ${next.generation} replaces one that this key did not sign`
			: `generation ${next.generation}, signed with key ${signer.keyId}`;
	return {
		changes: [
			...edited.map((subject): Change => ({ action: 'change', area: 'structure', subject, detail: EDITED })),
			{ action: current ? 'change' : 'add', area: 'policy', subject: 'policy', detail },
		],
		generation: next.generation,
		document: next,
		before: current?.document ?? null,
	};
}
