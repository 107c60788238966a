import type { EvidencePage } from '../../../../src/contracts/evidence.ts';
import type { GovernanceHealth, Posture } from '../../../../src/contracts/posture.ts';
import { type Readable, useReading } from './use-reading.ts';
import { type Refresh, useRefresh } from './use-refresh.ts';

const REFRESH_MS = 15_000;
const LATEST = 8;

export interface PostureData {
	posture: Readable<Posture>['reading'];
	health: Readable<GovernanceHealth>['reading'];
	refusals: Readable<EvidencePage>['reading'];
	refresh: Refresh;
}

/** The data of the posture page, kept current while the page is open. */
export function usePosture(): PostureData {
	const posture = useReading<Posture>('/governance/posture');
	const health = useReading<GovernanceHealth>('/governance/health');
	const refusals = useReading<EvidencePage>(`/governance/evidence?kind=refusal&limit=${LATEST}`);
	const all = [posture, health, refusals];

	async function readAll(asked: boolean): Promise<void> {
		await Promise.all(all.map(({ read }) => read(asked)));
	}

	const refresh = useRefresh(readAll, REFRESH_MS);
	return { posture: posture.reading, health: health.reading, refusals: refusals.reading, refresh };
}
