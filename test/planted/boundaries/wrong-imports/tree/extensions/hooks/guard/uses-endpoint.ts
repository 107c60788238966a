import endpoint from '../../endpoints/governance/index.ts';

export const kept = endpoint;
