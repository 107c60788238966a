import { open, readFile } from 'node:fs/promises';
import { openPlan, sealPlan } from '../adapters/keys/plan-seal.ts';
import type { PlanBinding } from '../contracts/plan-file.ts';
import { digestOf } from '../service/canonical.ts';
import type { ApplyOutcome, PolicySigner } from '../service/ports/registrar.ts';
import { UsageFault } from './environment.ts';

/** Writes a signed plan into a new file; a plan somebody may be reading is never overwritten. Throws {@link UsageFault}. */
export async function savePlan(
	path: string,
	{ changes, binding }: Extract<ApplyOutcome, { kind: 'planned' }>,
	signer: PolicySigner,
): Promise<void> {
	const plan = { v: 1, made_at: new Date().toISOString(), binding, changes: digestOf(changes) } as const;
	const text = await sealPlan(plan, signer);
	const file = await open(path, 'wx', 0o644).catch((error: NodeJS.ErrnoException) => {
		throw new UsageFault(`${path} cannot be made (${error.code}): name a new file. Nothing was changed.`);
	});
	try {
		await file.writeFile(`${text}\n`);
		await file.sync();
	} finally {
		await file.close();
	}
}

/** The plan in a file, if this operator's key signed it. Throws {@link UsageFault}. */
export async function readPlan(path: string, signer: PolicySigner): Promise<{ binding: PlanBinding; changes: string }> {
	const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
		throw new UsageFault(`${path} cannot be read (${error.code})`);
	});
	const plan = await openPlan(text, signer);
	if (plan) return { binding: plan.binding, changes: plan.changes };
	throw new UsageFault(`${path} is not a plan signed with the key in GOVERNED_KEYS_DIR. Nothing was changed.`);
}
