import { expect, it } from 'vitest';
import { configReference } from '../../scripts/config-reference.ts';

it('describes every field of the declaration as the reference does', async () => {
	await expect(configReference()).toMatchFileSnapshot('../../docs/reference/config.md');
});

it('leaves no field without a meaning', () => {
	const unsaid = configReference()
		.split('\n')
		.filter((line) => line.startsWith('| `') && line.endsWith('| |'));
	expect(unsaid).toEqual([]);
});
